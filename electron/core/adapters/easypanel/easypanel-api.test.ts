import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toAppError } from '#shared/model/errors';
import { panelToken, type StandInPanel, startStandInPanel } from '../../../../tests/support/easypanel-panel';
import { openEasypanelApi } from './easypanel-api';

const never = new AbortController().signal;
const web = { projectName: 'shop', serviceName: 'web' };
let panel: StandInPanel | undefined;
afterEach(async () => {
  await panel?.close();
  panel = undefined;
});

const open = async (port: number, token = panelToken) =>
  openEasypanelApi({ connect: () => Promise.resolve(connect(port, '127.0.0.1')), token }, never);

describe.each(['trpc', 'rpc', 'flat'] as const)('a panel that speaks %s', (generation) => {
  const start = async () => {
    panel = await startStandInPanel(generation, [
      { projectName: 'shop', name: 'web', type: 'app', env: 'A=1', token: 'deploy-token' },
    ]);
    return panel;
  };

  it('is found out, read and changed', async () => {
    const { port, services } = await start();
    const api = await open(port);
    expect(api.generation).toBe(generation);
    const list = z.object({ services: z.array(z.object({ name: z.string() })) });
    expect(await api.call('projects.listProjectsAndServices', {}, list, never)).toEqual({
      services: [{ name: 'web' }],
    });
    const env = 'B="two words"\nC=$x#y\n';
    await api.call('services.app.updateEnv', { ...web, env }, z.unknown(), never);
    expect(services[0]?.env).toBe(env);
    const app = await api.call('services.app.inspectService', web, z.object({ env: z.string() }), never);
    expect(app.env).toBe(env);
  });

  it('refuses a wrong token, an unknown service and what it can’t read, each by its name', async () => {
    const { port } = await start();
    const failure = async (token: string, name: string, input: Record<string, unknown> = {}) =>
      (await open(port, token))
        .call(
          'services.app.inspectService',
          { projectName: 'shop', serviceName: name, ...input },
          z.unknown(),
          never,
        )
        .catch(toAppError);
    expect(await failure('wrong', 'web')).toMatchObject({ code: 'EASYPANEL_TOKEN_REFUSED' });
    expect(await failure(panelToken, 'none')).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failure(panelToken, 'web', { more: 1 })).toMatchObject({ code: 'EASYPANEL_FAILED' });
    const misread = await (
      await open(port)
    )
      .call('services.app.inspectService', web, z.object({ env: z.number() }), never)
      .catch(toAppError);
    expect(misread).toMatchObject({ code: 'EASYPANEL_FAILED' });
    expect(JSON.stringify(misread)).not.toContain('deploy-token');
  });
});

it('is said to be away when it breaks off the connection', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  expect(await open(port).catch(toAppError)).toMatchObject({
    code: 'EASYPANEL_UNAVAILABLE',
    retryable: true,
  });
  server.close();
});
