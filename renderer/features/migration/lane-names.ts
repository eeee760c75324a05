import type { Lane } from '#shared/model/run';

/** What operators call the lanes. */
export const laneNames: Record<Lane, string> = {
  database: 'Database',
  users: 'Users',
  objects: 'Files',
  links: 'Links',
};
