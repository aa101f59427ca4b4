/** Tests know all units and colours, as a page does that needs them. */

import "../src/core/frame/rare.ts";
