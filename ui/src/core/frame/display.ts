/** A value as people read it. */

/**
 * text      with prefix and suffix apart, so that a panel may draw the unit smaller
 * numeric   the value as a number, NaN where it is none
 * percent   between the column's min and max, 0 to 1; for gauges and continuous colours
 * color     CSS, of mapping, threshold, palette or fixed colour, by the column's config
 */
export interface DisplayValue {
  text: string;
  prefix?: string;
  suffix?: string;
  numeric: number;
  percent?: number;
  color?: string;
}

/** Made once for a column: `display_processor.ts`. */
export type Display = (value: unknown) => DisplayValue;
