/** How long ago something was, or until it will be. */

/** "5 minutes ago", "in 2 hours", "a few seconds ago". */
export function formatRelative(at: number, now: number): string {
  const size = Math.abs(at - now) / 1000;
  const steps: [number, number, string][] = [
    [45, 1, ""], [90, 60, "a minute"], [45 * 60, 60, "minutes"], [90 * 60, 3600, "an hour"], [22 * 3600, 3600, "hours"],
    [36 * 3600, 86_400, "a day"], [26 * 86_400, 86_400, "days"], [45 * 86_400, 2_629_800, "a month"], [320 * 86_400, 2_629_800, "months"],
    [548 * 86_400, 31_557_600, "a year"], [Infinity, 31_557_600, "years"],
  ];
  const [, unit, name] = steps.find(([below]) => size < below) ?? steps[0]!;
  const text = !name ? "a few seconds" : /^an? /.test(name) ? name : `${Math.max(2, Math.round(size / unit))} ${name}`;
  return at > now ? `in ${text}` : `${text} ago`;
}
