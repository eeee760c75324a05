import type { Page } from 'playwright-core';
import type { Situation } from './fixture-host';

/** A state of a page that is looked at in every theme and size. */
export interface PageState {
  name: string;
  now: () => Situation;
  path: string;
  /** What has to be seen before the state counts as shown. */
  shows: string;
  act?: (page: Page) => Promise<void>;
}
