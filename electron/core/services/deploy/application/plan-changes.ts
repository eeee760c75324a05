import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#shared/model/errors';
import { backendChanges, findBackend } from './backend-changes';
import { type ApplicationChanges, type FileTree, takeOver } from './changes';
import { findFrontend, frontendChanges } from './frontend-changes';

/** Everything that an application's repository takes over. */
export interface ApplicationTemplates {
  backend: FileTree;
  frontend: FileTree;
  /** For the repository's root. */
  root: FileTree;
}

const cache = /(?:^|\/)(?:__pycache__|node_modules|\.next|\.\w+_cache)(?:\/|$)/;

/** Reads the templates of an installation. */
export async function readApplicationTemplates(root: string): Promise<ApplicationTemplates> {
  const folder = async (name: string): Promise<FileTree> => {
    const base = path.join(root, 'resources/templates', name);
    const entries = await readdir(base, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !cache.test(path.relative(base, file).replaceAll('\\', '/')));
    return new Map(
      await Promise.all(
        files
          .sort()
          .map(
            async (file) =>
              [path.relative(base, file).replaceAll('\\', '/'), await readFile(file, 'utf8')] as const,
          ),
      ),
    );
  };
  const own = ['docker-compose.prod.yml', '.env.production.example'];
  return {
    backend: await folder('backend'),
    frontend: await folder('frontend'),
    root: new Map(
      await Promise.all(
        own.map(async (name) => [name, await readFile(path.join(root, name), 'utf8')] as const),
      ),
    ),
  };
}

/** What becomes of a repository. Throws `INVALID_INPUT` for one that holds neither an old backend nor a Next.js application. */
export function planChanges(tree: FileTree, templates: ApplicationTemplates): ApplicationChanges {
  const backend = findBackend(tree);
  const frontend = findFrontend(tree);
  if (backend === undefined && frontend === undefined) {
    throw new AppError('INVALID_INPUT', 'This repository holds no application that Cutover knows.', {
      hint: 'It looks for auth.py or minio_service.py beside main.py, and for a package.json beside src/app. Is it committed?',
    });
  }
  const parts = [
    ...(backend === undefined ? [] : [backendChanges(tree, backend, templates.backend)]),
    ...(frontend === undefined ? [] : [frontendChanges(tree, frontend, templates.frontend)]),
  ];
  const root = [...templates.root].flatMap(([name, text]) =>
    takeOver(tree, name, text, 'Runs the application in production, without database and MinIO.'),
  );
  return {
    files: [...parts.flatMap(({ files }) => files), ...root].sort((left, right) =>
      left.path < right.path ? -1 : 1,
    ),
    routes: parts.flatMap(({ routes }) => routes),
    open: parts.flatMap(({ open }) => open),
  };
}
