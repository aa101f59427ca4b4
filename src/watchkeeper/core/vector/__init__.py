"""In: samples and a grid of steps. Out: frames (label sets x steps, a mask of presence). Never here: queries."""
