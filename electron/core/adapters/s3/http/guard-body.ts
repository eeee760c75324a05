/** A body whose failures are told in other words. Giving it up gives up what is behind it, also when nothing was read. */
export function guardBody(
  body: AsyncIterable<Uint8Array>,
  translate: (error: unknown) => unknown,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const pieces = body[Symbol.asyncIterator]();
      return {
        next: async () => {
          try {
            return await pieces.next();
          } catch (error) {
            throw translate(error);
          }
        },
        return: async () => {
          await pieces.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
