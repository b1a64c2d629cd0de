/**
 * What was tried on a figure that misses its goal, by `row/figure`, in Markdown. A note is shown
 * for as long as the figure is missed.
 */
export const notes: Readonly<Record<string, string>> = {}
