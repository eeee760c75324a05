import { z } from 'zod';
import { call } from '../rpc/define';

/** What the page needs to know of the host that serves it. */
export const systemContract = {
  'system.info': call(
    z.object({}),
    z.object({
      version: z.string(),
      host: z.enum(['desktop', 'browser']),
      /** Whether this installation carries the practice environment. */
      practice: z.boolean(),
      pid: z.number().int(),
    }),
  ),
};
