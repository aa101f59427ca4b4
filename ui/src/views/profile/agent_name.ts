/** "Firefox on Linux" of what a browser calls itself. Pure. */

const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"], [/\bOPR\/|\bOpera\b/, "Opera"], [/\bFirefox\/|\bFxiOS\//, "Firefox"], [/\bHeadlessChrome\//, "Chrome without a window"],
  [/\bChrome\/|\bCriOS\//, "Chrome"], [/\bSafari\//, "Safari"], [/^curl\//, "curl"], [/python/i, "Python"],
];
const SYSTEMS: [RegExp, string][] = [
  [/\bWindows\b/, "Windows"], [/\b(?:iPhone|iPad)\b/, "iOS"], [/\bAndroid\b/, "Android"], [/\bMac OS X\b|\bMacintosh\b/, "macOS"], [/\bCrOS\b/, "ChromeOS"], [/\bLinux\b/, "Linux"],
];

/** The text itself, cut, where it names nothing that is known. */
export function agentName(text: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(text))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1];
  if (!browser) return text.trim().slice(0, 60) || "an unknown browser";
  return system ? `${browser} on ${system}` : browser;
}
