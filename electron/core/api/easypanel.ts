import path from 'node:path';
import type { easypanelContract } from '#shared/contract/easypanel';
import type { PanelServiceId } from '#shared/model/easypanel';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';
import { defaultEnvFile } from '../services/deploy/compose-bundle';

/** The services of the panel on the workspace's host. */
export function easypanelHandlers(core: Core): Handlers<typeof easypanelContract> {
  const fileOf = (file: string | undefined) => file ?? path.join(core.deploy().folder, defaultEnvFile);
  const nameOf = ({ project, service }: PanelServiceId) => `${project}/${service}`;
  return {
    'easypanel.list': (_input, { signal }) => core.deploy().panel.list(signal),
    'easypanel.planEnvironment': ({ target, file }, { signal }) =>
      core.deploy().panel.planEnvironment(target, fileOf(file), signal),
    'easypanel.setEnvironment': async ({ target, file }, { signal }) => {
      const changes = await core.deploy().panel.setEnvironment(target, fileOf(file), signal);
      await core.activity().record({
        area: 'deploy',
        action: 'easypanel.set-environment',
        target: nameOf(target),
        outcome: 'done',
        detail: changes.map(({ name, change }) => `${name} ${change}`).join(', '),
      });
      return changes;
    },
    'easypanel.addDomain': async ({ target, domain }, { signal }) => {
      await core.deploy().panel.addDomain(target, domain, signal);
      await core.activity().record({
        area: 'deploy',
        action: 'easypanel.add-domain',
        target: nameOf(target),
        outcome: 'done',
        after: { host: domain.host, port: domain.port, https: domain.https },
      });
      return {};
    },
  };
}
