import { mount } from "svelte";
import { theme } from "./page/theme.svelte.ts";
import App from "./shell/App.svelte";
import "./styles/theme.css";

theme.start(new URLSearchParams(location.search).get("theme"));

const target = document.getElementById("app");
if (target !== null) mount(App, { target });
