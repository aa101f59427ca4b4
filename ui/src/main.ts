import { mount } from "svelte";
import { session } from "./page/session.svelte.ts";
import { theme } from "./page/theme.svelte.ts";
import App from "./shell/App.svelte";
import "./styles/theme.css";

theme.start(new URLSearchParams(location.search).get("theme"), session.user.theme);

const target = document.getElementById("app");
if (target !== null) mount(App, { target });
