/** The rarer panels. */

import type { PanelServices } from "../../src/panels/services.ts";
import type { Case } from "./cases.ts";

export const services: PanelServices = {};

export function moreCases(): Case[] {
  return [];
}
