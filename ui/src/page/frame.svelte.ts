/** What a view asks of the frame around it: no navigation (kiosk), what stands in the top bar's path. */

export interface Crumb {
  text: string;
  path?: string;
}

class FrameOf {
  bare = $state(false);
  /** Shown in the top bar instead of the view's title. */
  crumbs = $state.raw<Crumb[]>([]);
}

export const frameOf = new FrameOf();
