/** The ways in which a column may be coloured, for those who choose one. */

/** Modes a person may choose, with their titles, in the order of a menu. */
export const COLOR_MODES: readonly (readonly [id: string, title: string])[] = [
  ["fixed", "Single color"], ["shades", "Shades of a color"], ["gradient", "Gradient"], ["thresholds", "From thresholds"],
  ["palette-classic", "Classic palette"], ["palette-classic-by-name", "Classic palette (by series name)"], ["palette-colorblind", "Color blind safe"],
  ["palette-categorical-next", "Categorical Next"], ["palette-categorical-next-2", "Categorical Next 2"], ["palette-categorical-next-3", "Categorical Next 3"],
  ["continuous-viridis", "Viridis"], ["continuous-magma", "Magma"], ["continuous-plasma", "Plasma"], ["continuous-inferno", "Inferno"],
  ["continuous-cividis", "Cividis"], ["continuous-GrYlRd", "Green-Yellow-Red"], ["continuous-RdYlGr", "Red-Yellow-Green"],
  ["continuous-BlYlRd", "Blue-Yellow-Red"], ["continuous-YlRd", "Yellow-Red"], ["continuous-BlPu", "Blue-Purple"], ["continuous-YlBl", "Yellow-Blue"],
  ["continuous-blues", "Blues"], ["continuous-reds", "Reds"], ["continuous-greens", "Greens"], ["continuous-purples", "Purples"],
];
