/**
 * `npm run bench -- users [--only import|list] [--users 100000] [--rows 1000000]`: messy users imported and verified, and the list of a project
 * with very many users searched, filtered and sorted.
 */
import { parseArgs } from 'node:util';
import { measureImport } from './users/import';
import { measureList } from './users/list';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    users: { type: 'string', default: '100000' },
    rows: { type: 'string', default: '1000000' },
  },
});

if (values.only !== 'list') await measureImport(Number(values.users));
if (values.only !== 'import') await measureList(Number(values.rows));
