import type { FromCore, ToCore } from '#shared/desktop/core-messages';

/** Asks the operator for a folder through another process, and the way in for that process's answers. */
export interface FolderChooser {
  /** Undefined when none was chosen. */
  choose: () => Promise<string | undefined>;
  onChosen(message: Extract<ToCore, { type: 'folder-chosen' }>): void;
}

/** Asks the desktop's main process, which alone may open dialogs. The page never names a path. */
export function createFolderChooser(send: (message: FromCore) => void): FolderChooser {
  const waiting = new Map<number, (path: string | undefined) => void>();
  let nextId = 0;
  return {
    choose: () =>
      new Promise((resolve) => {
        const id = nextId++;
        waiting.set(id, resolve);
        send({ type: 'choose-folder', id });
      }),
    onChosen: ({ id, path }) => {
      waiting.get(id)?.(path);
      waiting.delete(id);
    },
  };
}
