import { AppError } from '#shared/model/errors';
import { acts } from './fixture-activity';
import { situation } from './fixture-host';
import type { PageState } from './page-state';

/** Activity. */
export const activityStates: PageState[] = [
  { name: 'activity, empty', now: () => situation(), path: '/activity', shows: 'Nothing has been done yet' },
  {
    name: 'activity',
    now: () => situation({ activity: acts() }),
    path: '/activity',
    shows: 'ban: none → 24h',
  },
  {
    name: 'activity, unreadable',
    now: () => situation({ activity: new AppError('WORKSPACE_UNREADABLE', 'The log can’t be read.') }),
    path: '/activity',
    shows: 'WORKSPACE_UNREADABLE',
  },
];
