/** The first of several names, and how many more there are: `a, b, c and 4 more`. */
export function some(names: readonly string[], most = 3, separator = ', '): string {
  const more = names.length - most;
  return `${names.slice(0, most).join(separator)}${more > 0 ? ` and ${more} more` : ''}`;
}
