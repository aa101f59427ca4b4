/** All panels on one page, with made-up data, to be looked at. `?theme=light`, `?only=stat`, `?points=50000&series=5`; `?hostile=3` with odd data, a third of it at once. */

import { mount } from "svelte";
import "../../src/core/frame/rare.ts";
import "../../src/styles/theme.css";
import Gallery from "./Gallery.svelte";
import Hostile from "./Hostile.svelte";

const asked = new URLSearchParams(location.search);
document.documentElement.dataset.theme = asked.get("theme") ?? "dark";
const target = document.getElementById("app");
if (target && asked.has("hostile")) mount(Hostile, { target, props: { every: Number(asked.get("hostile")) || 1 } });
else if (target) mount(Gallery, { target, props: { only: asked.get("only"), points: Number(asked.get("points") ?? 0), count: Number(asked.get("series") ?? 5) } });
