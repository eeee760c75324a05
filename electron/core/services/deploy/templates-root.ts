import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of this installation, in which the templates stand: the program may be built or run from its sources. */
export function templatesRoot(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'resources/templates'))) return folder;
    if (path.dirname(folder) === folder) throw new Error('The installation has no templates.');
  }
}
