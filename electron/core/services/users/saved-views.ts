import path from 'node:path';
import { AppError } from '#shared/model/errors';
import { type SavedView, savedViewSchema } from '#shared/model/users';
import { z } from 'zod';
import { jsonFile } from '../workspaces/json-file';

const mostViews = 50;
const fileSchema = z.object({ views: z.array(savedViewSchema).max(mostViews) });

/** Views of the list of users that are kept in a workspace, for everybody who works in it. Each answers with all of them. */
export interface SavedViews {
  list(): Promise<SavedView[]>;
  /** In the place of one with the same name. Throws `INVALID_INPUT` when there are too many. */
  save(view: SavedView): Promise<SavedView[]>;
  remove(name: string): Promise<SavedView[]>;
}

/** The views in `user-views.json` of a workspace. Searched text can be somebody's address: only the owner reads the file. */
export function savedViews(folder: string): SavedViews {
  const file = jsonFile(path.join(folder, 'user-views.json'), fileSchema, 0o600);
  const change = async (of: (views: SavedView[]) => SavedView[]) =>
    (
      await file.update((current) => {
        const views = of(current?.views ?? []);
        if (views.length > mostViews) {
          throw new AppError('INVALID_INPUT', `There are ${mostViews} views already.`, {
            hint: 'Delete one that nobody needs.',
          });
        }
        return { views: views.sort((a, b) => a.name.localeCompare(b.name)) };
      })
    ).views;
  return {
    list: async () => (await file.read())?.views ?? [],
    save: (view) => change((views) => [...views.filter((one) => one.name !== view.name), view]),
    remove: (name) => change((views) => views.filter((one) => one.name !== name)),
  };
}
