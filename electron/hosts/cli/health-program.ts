import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadMoments, loadTokens } from '#shared/model/load-check';
import type { HealthOptions } from './commands/health';
import type { LoadCheckOptions } from './commands/loadcheck';
import { type CommonOptions as Common, type Perform, sub, withWorkspace } from './program-parts';

/** The commands of live health. */
export function addHealth(program: Command, perform: Perform): void {
  withWorkspace(
    sub(program, 'health', 'check every service that is set up: its state, the evidence, what to do', [
      'cutover health --env-file .env.migration',
      'cutover health --json --fail-on degraded   exit code 1 when a service is degraded or down',
      'cutover health --watch                     again and again until Ctrl-C',
    ]),
  )
    .option(
      '--watch',
      'look every ten seconds at what is due; with --json one line each time; with --fail-on until it fails',
    )
    .option('--service <id>', 'only this one, by its id in the JSON: supabase-postgres, r2, backend')
    .addOption(
      new Option('--fail-on <state>', 'the mildest state that ends with exit code 1; default down').choices([
        'unknown',
        'degraded',
        'down',
      ]),
    )
    .action((options: Common & HealthOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/health')).health(context, options),
      ),
    );

  withWorkspace(
    sub(program, 'loadcheck', 'put load on routes of the application and measure it against a goal', [
      'cutover loadcheck --path /health /api/orders --token canary --moment before',
      'cutover loadcheck --origin https://api.example.com --path /health --users 50 --seconds 60 --json',
      'cutover loadcheck --compare               the newest before and after a cutover, side by side',
    ]),
  )
    .option('--origin <url>', 'scheme and host; default: the backend of the settings')
    .option('--path <path...>', 'routes, each asked with GET; default: /')
    .addOption(number('--users <number>', 'concurrent users; default 100', 1, 1000))
    .addOption(number('--seconds <number>', 'how long all of them ask; default 30', 2, 300))
    .addOption(number('--ramp <seconds>', 'in which time the users come; default 5', 0, 120))
    .addOption(
      number('--goal-p95 <ms>', 'slower than this at the 95th percentile fails; default 200', 1, 60_000),
    )
    .addOption(
      new Option('--token <whose>', 'the right that routes are asked with; default none').choices(loadTokens),
    )
    .addOption(
      new Option('--moment <when>', 'which side of a cutover this is, for --compare').choices(loadMoments),
    )
    .option('--consent <host>', 'the name of a host that is not in the settings, to load it nevertheless')
    .option('--compare', 'measure nothing; show the newest before and after side by side')
    .action((options: Common & LoadCheckOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/loadcheck')).loadCheck(context, options),
      ),
    );
}

function number(flags: string, description: string, min: number, max: number): Option {
  return new Option(flags, description).argParser((text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
    if (value < min || value > max) throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`);
    return value;
  });
}
