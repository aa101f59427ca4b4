// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import { allShortcuts, keyName, pressed, shortcuts } from "../../src/page/keys.ts";

let off: (() => void)[] = [];
afterEach(() => {
  for (const run of off) run();
  off = [];
});

function press(key: string, more: KeyboardEventInit = {}, target: Element = document.body): void {
  target.addEventListener("keydown", (event) => pressed(event as KeyboardEvent, 1), { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
}

describe("shortcuts", () => {
  it("runs a sequence and not its tail", () => {
    const ran: string[] = [];
    off.push(shortcuts([
      { keys: "t z", text: "", group: "", run: () => ran.push("t z") },
      { keys: "z", text: "", group: "", run: () => ran.push("z") },
    ]));
    press("t");
    press("z");
    press("z");
    expect(ran).toEqual(["t z", "z"]);
  });

  it("is off in fields but for chords that say so", () => {
    const ran: string[] = [];
    off.push(shortcuts([
      { keys: "e", text: "", group: "", run: () => ran.push("e") },
      { keys: "mod+k", text: "", group: "", run: () => ran.push("k"), inFields: true },
    ]));
    const input = document.body.appendChild(document.createElement("input"));
    press("e", {}, input);
    press("k", { ctrlKey: true }, input);
    expect(ran).toEqual(["k"]);
  });

  it("lets the newest win and lists it once", () => {
    const ran: string[] = [];
    off.push(shortcuts([{ keys: "v", text: "old", group: "a", run: () => ran.push("old") }]));
    off.push(shortcuts([{ keys: "v", text: "new", group: "a", run: () => ran.push("new") }]));
    press("v");
    expect(ran).toEqual(["new"]);
    expect([...allShortcuts().values()].flat().map((one) => one.text)).toEqual(["new"]);
  });

  it("names keys", () => {
    const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
    expect(keyName({ ...none, key: "E", shiftKey: true })).toBe("shift+e");
    expect(keyName({ ...none, key: "?", shiftKey: true })).toBe("?");
    expect(keyName({ ...none, key: "ArrowLeft" })).toBe("left");
    expect(keyName({ ...none, key: "Shift", shiftKey: true })).toBe("");
  });
});
