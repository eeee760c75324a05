import type { usersContract } from '#shared/contract/users';
import type { Handlers, Numbered } from '#shared/rpc/define';
import { AppError } from '#shared/model/errors';
import type { Core } from '../core';

/**
 * Streams here are acts. Who lost the connection in the middle of one must not begin it again by reconnecting: what was done until then stands
 * in Activity.
 */
async function* once<E>(after: number, events: AsyncIterable<E>): AsyncIterable<Numbered<E>> {
  if (after >= 0) {
    throw new AppError('CONNECTION_LOST', 'The connection was lost before the end; the act stopped there.', {
      hint: 'Activity says what was done. Reload the list, and start again with what is left.',
    });
  }
  let seq = 0;
  for await (const event of events) {
    yield { seq, event };
    seq += 1;
  }
}

/** The users of the open workspace's project. */
export function usersHandlers(core: Core): Handlers<typeof usersContract> {
  return {
    'users.overview': (_input, { signal }) => core.users().overview(signal),
    'users.list': (query, { signal }) => core.users().list(query, signal),
    'users.count': async ({ filter }, { signal }) => {
      const count = await core.users().count(filter, signal);
      return count === undefined ? {} : { count };
    },
    'users.get': ({ id }, { signal }) => core.users().get(id, signal),
    'users.audit': ({ id }, { signal }) => core.users().audit(id, signal),
    'users.create': (user, { signal }) => core.users().create(user, signal),
    'users.act': ({ id, action }, { signal }) => core.users().act(id, action, signal),
    'users.references': ({ id }, { signal }) => core.users().references(id, signal),
    'users.link': async (request, { signal }) => ({ url: await core.users().link(request, signal) }),
    'users.send': (request, { signal }) => core.users().send(request, signal),
    'users.bulk': ({ ids, action }, { after, signal }) => once(after, core.users().bulk(ids, action, signal)),
    'users.export': ({ filter, format }, { after, signal }) =>
      once(after, core.users().export(filter, format, signal)),
    'users.import': ({ text, dryRun }, { after, signal }) =>
      once(after, core.users().import(text, dryRun, signal)),
    'users.resets': (_input, { signal }) => core.users().resets.state(signal),
    'users.startResets': async ({ perHour }, { signal }) => {
      await core.users().resets.start(perHour);
      return core.users().resets.state(signal);
    },
    'users.stopResets': async (_input, { signal }) => {
      await core.users().resets.stop();
      return core.users().resets.state(signal);
    },
    'users.stats': ({ days }, { signal }) => core.users().stats(days, signal),
    'users.views': () => core.userViews().list(),
    'users.saveView': (view) => core.userViews().save(view),
    'users.deleteView': ({ name }) => core.userViews().remove(name),
    'users.searchIndex': ({ act }, { signal }) => core.users().searchIndex(act, signal),
  };
}
