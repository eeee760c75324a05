import type { Command } from 'commander';
import type { CorsOptions } from './commands/cors';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

const load = () => import('./commands/cors');

const collect = (value: string, all: string[] = []): string[] => [...all, value];

/** The commands under `cutover cors`. */
export function addCors(program: Command, perform: Perform): void {
  const cors = sub(program, 'cors', 'public access to buckets, and which pages may use them', [
    'cutover cors show                                            what was public, and what to do on R2',
    'cutover cors apply --origin https://app.example.com --uploads',
    'cutover cors test --origin https://app.example.com --uploads',
  ]);
  const wish = (name: string, description: string, sample: string): Command =>
    withWorkspace(sub(cors, name, description, [sample]))
      .option('--origin <origin>', 'where pages of the application come from; may be given again', collect)
      .option('--uploads', 'pages send files to signed addresses');
  type Options = CommonOptions & CorsOptions;

  wish('show', 'show public buckets and rules; reads only', 'cutover cors show --json').action(
    (options: Options) =>
      perform(options.json === true, async (context) => (await load()).showCors(context, options)),
  );
  wish('apply', 'set the proposed rules on R2', 'cutover cors apply --origin https://app.example.com --yes')
    .option('--bucket <name>', 'only this bucket; may be given again', collect)
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: Options) =>
      perform(options.json === true, async (context) => (await load()).applyCors(context, options)),
    );
  wish('test', 'ask as a browser does', 'cutover cors test --origin https://app.example.com').action(
    (options: Options) =>
      perform(options.json === true, async (context) => (await load()).testCors(context, options)),
  );
}
