/** The arc of a gauge. Angles in degrees, 0 at the top, clockwise. Pure. */

export const START = -120;
export const SWEEP = 240;

/** A point on a circle. */
export function onCircle(cx: number, cy: number, radius: number, angle: number): [number, number] {
  const radians = ((angle - 90) * Math.PI) / 180;
  return [cx + radius * Math.cos(radians), cy + radius * Math.sin(radians)];
}

/** The path of a ring's piece between two angles; "" where there is nothing of it. */
export function ringPath(cx: number, cy: number, outer: number, inner: number, from: number, to: number): string {
  if (!(to > from) || outer <= 0) return "";
  const text = (radius: number, angle: number) => onCircle(cx, cy, radius, angle).map((part) => part.toFixed(2)).join(" ");
  // An arc that ends where it begins is none: a whole ring is made of halves.
  const arc = (radius: number, angles: readonly number[], sweep: 0 | 1) =>
    angles.slice(1).map((angle, at) => `A${radius} ${radius} 0 ${Math.abs(angle - angles[at]!) > 180 ? 1 : 0} ${sweep} ${text(radius, angle)}`).join("");
  const whole = to - from >= 360;
  const angles = whole ? [from, from + 180, from + 360] : [from, to];
  if (whole) return `M${text(outer, from)}${arc(outer, angles, 1)}Z${inner > 0 ? `M${text(inner, from)}${arc(inner, angles.toReversed(), 0)}Z` : ""}`;
  if (inner <= 0) return `M${cx.toFixed(2)} ${cy.toFixed(2)}L${text(outer, from)}${arc(outer, angles, 1)}Z`;
  return `M${text(outer, from)}${arc(outer, angles, 1)}L${text(inner, to)}${arc(inner, angles.toReversed(), 0)}Z`;
}

/** The angle of a share (0 to 1) of the gauge. */
export function angleOf(share: number): number {
  return START + SWEEP * Math.min(1, Math.max(0, share));
}

/** Pieces of the ring of thresholds: shares from and to, with the step's value and colour. Steps out of the range are left out. */
export function thresholdPieces(
  steps: readonly { value: number | null; color: string }[],
  percentage: boolean,
  range: { min: number; max: number },
): { from: number; to: number; color: string; value: number | null }[] {
  const share = (value: number | null) => (value === null ? 0 : percentage ? value / 100 : (value - range.min) / (range.max - range.min));
  const pieces: { from: number; to: number; color: string; value: number | null }[] = [];
  steps.forEach((step, index) => {
    const from = Math.min(1, Math.max(0, index === 0 ? 0 : share(step.value)));
    const next = steps[index + 1];
    const to = next ? Math.min(1, Math.max(0, share(next.value))) : 1;
    if (to > from) pieces.push({ from, to, color: step.color, value: index === 0 ? null : percentage && step.value !== null ? range.min + ((range.max - range.min) * step.value) / 100 : step.value });
  });
  return pieces;
}
