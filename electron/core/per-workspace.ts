import type { OpenedWorkspace } from './services/workspaces/workspaces-service';

/**
 * One service for each workspace that was opened, made when it is first asked for and kept until the core closes: what it does goes on in
 * its own workspace after another one was opened.
 */
export function perWorkspace<T>(
  opened: () => OpenedWorkspace,
  make: (workspace: OpenedWorkspace) => T,
  closeOne: (service: T) => Promise<void>,
): { ofOpened: () => T; close: () => Promise<void> } {
  const services = new Map<string, T>();
  return {
    ofOpened: () => {
      const workspace = opened();
      const service = services.get(workspace.folder) ?? make(workspace);
      services.set(workspace.folder, service);
      return service;
    },
    close: async () => {
      await Promise.all([...services.values()].map(closeOne));
    },
  };
}
