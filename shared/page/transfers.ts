/** Where the bytes of a transfer are, on every host; the group is its id. */
export const transferPathPattern = /^\/transfer\/([\w.-]{1,200})$/;

/** Where the bytes of a transfer are. */
export function transferPath(id: string): string {
  return `/transfer/${id}`;
}

/** Says how many bytes a request carries, where its length does not come along by itself. */
export const sizeHeader = 'x-cutover-size';
