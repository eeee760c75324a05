/** A store in a process of its own, so that its processor time is not the client's: `store.ts PROFILE DATASET`. Prints its address. */
import { startS3Server } from '../../practice/s3/s3-server';
import { filledStore, isDatasetName } from './dataset';
import { keys } from './keys';

const [profile, dataset = ''] = process.argv.slice(2);
if (!isDatasetName(dataset)) throw new Error(`There is no dataset ${dataset}.`);
const store = await filledStore(dataset, profile === 'r2');
// What the filling left behind is not for a contender to wait for.
globalThis.gc?.();
const { endpoint } = await startS3Server({ profile: profile === 'r2' ? 'r2' : 'minio', ...keys, store });
console.log(endpoint);
