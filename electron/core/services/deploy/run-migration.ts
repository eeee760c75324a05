import { AppError } from '#shared/model/errors';
import { shellWord } from '../../adapters/ssh/ssh-session';
import type { ComposeBundle } from './compose-bundle';
import type { DeployHost } from './deploy-host';
import { phase, type Tell } from './rollout';

/** The exit code of `docker run` when it could not start the container. */
const dockerFailed = '125';

export interface Migration {
  service: string;
  command: readonly string[];
}

/** Runs the application's own step once in the new image, with its environment. Throws `RELEASE_FAILED` when it fails; no service was changed then. */
export async function runMigration(
  host: DeployHost,
  stack: string,
  folder: string,
  bundle: ComposeBundle,
  { service, command }: Migration,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const found = bundle.services.find(({ name }) => name === service);
  if (found === undefined) {
    throw new AppError(
      'COMPOSE_INVALID',
      `The compose file has no service ${service} to change the schema with.`,
      {
        hint: 'Name the service whose image holds the migrations.',
      },
    );
  }
  const environment = [...found.environment].map(([name, value]) => `${name}=${value}\n`).join('');
  const file = `${folder}/migration.env`;
  const name = `${stack}-migration`;
  await awaitEarlierMigration(host, name, tell, signal);
  await host.writeFile(file, environment, signal);
  try {
    await host.runDocker(
      ['run', '--rm', '--name', name, '--env-file', file, found.image, ...command],
      signal,
      {
        onOutput: (text) => {
          for (const line of text.split('\n').filter((part) => part.trim() !== ''))
            tell({ type: 'log', source: 'migration', line });
        },
      },
    );
  } catch (error) {
    // Other codes than Docker's own are the step's, whatever its words look like.
    if (
      !(error instanceof AppError) ||
      error.details?.exit === undefined ||
      error.details.exit === dockerFailed
    )
      throw error;
    throw new AppError('RELEASE_FAILED', `${command.join(' ')} failed; the services were not changed.`, {
      hint: 'Read its output. What it did before it failed may stand in the database.',
      details: error.details,
    });
  } finally {
    await host.run(`rm -f ${shellWord(file)}`, AbortSignal.timeout(10_000)).catch(() => undefined);
  }
}

/** One that was cut off goes on without us: a second one beside it could do the same step twice. */
async function awaitEarlierMigration(
  host: DeployHost,
  name: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const running = await host.runDocker(['ps', '-q', '--filter', `name=^/?${name}$`], signal);
  if (running.trim() === '') return;
  phase(tell, 'migrate', 'Wait for an earlier change of the schema that was cut off');
  await host.runDocker(['wait', running.trim()], signal);
}
