import type { bucketsContract } from '#shared/contract/buckets';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** The bucket browser of the open workspace. */
export function bucketsHandlers(core: Core): Handlers<typeof bucketsContract> {
  const now = () => core.buckets().handlers;
  return {
    'buckets.list': async (input, context) => now()['buckets.list'](input, context),
    'buckets.objects': async (input, context) => now()['buckets.objects'](input, context),
    'buckets.counterparts': async (input, context) => now()['buckets.counterparts'](input, context),
    'buckets.compare': async (input, context) => now()['buckets.compare'](input, context),
    'buckets.stat': async (input, context) => now()['buckets.stat'](input, context),
    'buckets.preview': async (input, context) => now()['buckets.preview'](input, context),
    'buckets.versions': async (input, context) => now()['buckets.versions'](input, context),
    'buckets.find': async function* (input, context) {
      yield* now()['buckets.find'](input, context);
    },
    'buckets.usage': async function* (input, context) {
      yield* now()['buckets.usage'](input, context);
    },
    'buckets.save': async (input, context) => now()['buckets.save'](input, context),
    'buckets.presign': async (input, context) => now()['buckets.presign'](input, context),
    'buckets.download': async (input, context) => now()['buckets.download'](input, context),
    'buckets.createBucket': async (input, context) => now()['buckets.createBucket'](input, context),
    'buckets.createFolder': async (input, context) => now()['buckets.createFolder'](input, context),
    'buckets.editAttributes': async (input, context) => now()['buckets.editAttributes'](input, context),
    'buckets.delete': async (input, context) => now()['buckets.delete'](input, context),
    'buckets.deleteVersion': async (input, context) => now()['buckets.deleteVersion'](input, context),
    'buckets.copy': async (input, context) => now()['buckets.copy'](input, context),
    'buckets.uploadBegin': async (input, context) => now()['buckets.uploadBegin'](input, context),
    'buckets.uploadFinish': async (input, context) => now()['buckets.uploadFinish'](input, context),
    'buckets.uploadAbort': async (input, context) => now()['buckets.uploadAbort'](input, context),
    'buckets.jobs': async (input, context) => now()['buckets.jobs'](input, context),
    'buckets.watchJob': async function* (input, context) {
      yield* now()['buckets.watchJob'](input, context);
    },
    'buckets.stopJob': async (input, context) => now()['buckets.stopJob'](input, context),
  };
}
