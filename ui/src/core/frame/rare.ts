/** Units and colours that few dashboards have, all together. See `rare_names.ts`. */

import "./rare_colors.ts";
import "./rare_units.ts";
