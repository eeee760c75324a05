/** Class names joined; what is undefined or false is left out. */
export function joinClasses(...names: (string | undefined | false)[]): string {
  return names.filter((name) => name !== undefined && name !== false).join(' ');
}
