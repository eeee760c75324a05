import { Button, Checkbox, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { DeployAction, ReleaseSource } from '#shared/contract/deploy';
import type { PreflightFinding, ReleasePlan } from '#shared/model/deploy';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { Tag, type Tone } from '../../ui/tag';
import { changeLooks, readAddresses, readMigration } from './deploy.logic';
import styles from './deploy.module.css';
import { useInitialiseSwarm, usePlan, usePreflight } from './queries';

const severities: Record<PreflightFinding['severity'], { tone: Tone; label: string }> = {
  ok: { tone: 'ok', label: 'Ready' },
  warning: { tone: 'warn', label: 'Check' },
  blocker: { tone: 'bad', label: 'Must fix' },
};

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Findings({ findings }: { findings: readonly PreflightFinding[] }) {
  const swarm = useInitialiseSwarm();
  return (
    <>
      <ul className={styles.findings}>
        {findings.map(({ id, severity, title, message, hint }) => (
          <li key={id}>
            <Tag tone={severities[severity].tone}>{severities[severity].label}</Tag>
            <div className="break">
              <strong>{title}</strong> <span className="t2">{message}</span>
              {hint === undefined ? null : <div className="t2">{hint}</div>}
              {id === 'swarm' && severity === 'blocker' ? (
                <Button
                  mt={6}
                  size="compact-xs"
                  variant="default"
                  loading={swarm.isPending}
                  onClick={() => swarm.mutate()}
                >
                  Make this host a swarm of its own
                </Button>
              ) : null}
            </div>
          </li>
        ))}
      </ul>
      {swarm.isError ? <ErrorPanel error={swarm.error} /> : null}
    </>
  );
}

function Changes({ plan }: { plan: ReleasePlan }) {
  return (
    <ul className={styles.findings}>
      {plan.services.map(({ service, change, differences }) => (
        <li key={service}>
          <Tag tone={changeLooks[change].tone}>{changeLooks[change].label}</Tag>
          <div className="break">
            <strong>{service}</strong> <span className="t2">{differences.join(', ')}</span>
          </div>
        </li>
      ))}
      {plan.environment.map(({ service, name, change }) => (
        <li key={`${service} ${name}`}>
          <Tag tone="idle">Environment</Tag>
          <div className="break">
            <strong>{service}</strong> <span className="mono">{name}</span>{' '}
            <span className="t2">{change}; values are not shown</span>
          </div>
        </li>
      ))}
      {plan.warnings.map(({ service, message }) => (
        <li key={`${service ?? ''} ${message}`}>
          <Tag tone="warn">Check</Tag>
          <div className="break">
            {service === undefined ? null : <strong>{service} </strong>}
            <span className="t2">{message}</span>
          </div>
        </li>
      ))}
    </ul>
  );
}

interface ReleaseFormProps {
  onClose: () => void;
  onRelease: (action: DeployAction) => void;
}

function ReleaseForm({ onClose, onRelease }: ReleaseFormProps) {
  const [typedFolder, setTypedFolder] = useState('');
  const [source, setSource] = useState<ReleaseSource>({});
  const [addresses, setAddresses] = useState('');
  const [migration, setMigration] = useState('');
  const [prune, setPrune] = useState(false);
  const [acceptGap, setAcceptGap] = useState(false);
  const preflight = usePreflight(source);
  const plan = usePlan(source);
  const probes = readAddresses(addresses);
  const step = readMigration(migration);
  const stepWrong = migration.trim() !== '' && step === undefined;
  const blockers = preflight.data?.filter(({ severity }) => severity === 'blocker');
  const noSwarm = blockers?.some(({ id }) => id === 'swarm') === true;
  const withGap = noSwarm && acceptGap;
  const blocked = blockers?.every(({ id }) => withGap && id === 'swarm') !== true;
  const ready = !blocked && plan.isSuccess && probes.wrong.length === 0 && !stepWrong;
  const removable = plan.data?.services.some(({ change }) => change === 'removed') === true;
  const readFolder = () => setSource(typedFolder.trim() === '' ? {} : { folder: typedFolder.trim() });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        onRelease({
          kind: 'apply',
          source,
          probes: probes.addresses,
          prune: prune && removable,
          runtime: withGap ? 'compose' : 'swarm',
          limitSeconds: 600,
          ...(step === undefined ? {} : { migration: step }),
        });
      }}
    >
      <Part title="Files">
        <TextInput
          label="Folder of the release"
          description="With docker-compose.prod.yml and .env.production. Empty: deploy in the workspace, where cutover deploy render writes."
          value={typedFolder}
          onChange={(event) => setTypedFolder(event.currentTarget.value)}
          onBlur={readFolder}
        />
      </Part>
      <Part title="What changes">
        {plan.isPending ? (
          <Loading>Comparing with the host…</Loading>
        ) : plan.isError ? (
          <ErrorPanel error={plan.error} retry={() => void plan.refetch()} />
        ) : (
          <Changes plan={plan.data} />
        )}
        {removable ? (
          <Checkbox
            label="Remove the services that are not in the file"
            checked={prune}
            onChange={(event) => setPrune(event.currentTarget.checked)}
          />
        ) : null}
      </Part>
      <Part title="The host">
        {preflight.isPending ? (
          <Loading>Looking at the host…</Loading>
        ) : preflight.isError ? (
          <ErrorPanel error={preflight.error} retry={() => void preflight.refetch()} />
        ) : (
          <Findings findings={preflight.data} />
        )}
        {noSwarm ? (
          <Checkbox
            label="Release without a swarm"
            description="By Compose alone: it stops a container before its successor runs, so requests fail meanwhile."
            checked={acceptGap}
            onChange={(event) => setAcceptGap(event.currentTarget.checked)}
          />
        ) : null}
      </Part>
      <Part title="Around the release">
        <TextInput
          label="Public addresses that must answer afterwards"
          placeholder="https://shop.example.com/health"
          value={addresses}
          error={probes.wrong.length === 0 ? undefined : `Not an address: ${probes.wrong.join(', ')}`}
          onChange={(event) => setAddresses(event.currentTarget.value)}
        />
        <TextInput
          label="Run once before, in the new image"
          description="Both the old and the new version must be able to live with the schema that it makes."
          placeholder="backend: alembic upgrade head"
          value={migration}
          error={stepWrong ? 'Give it as service: command.' : undefined}
          onChange={(event) => setMigration(event.currentTarget.value)}
        />
      </Part>
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button type="submit" variant="filled" disabled={!ready}>
          Release
        </Button>
      </div>
    </form>
  );
}

/** What a release would change, whether the host is ready, and the button that releases. */
export function ReleaseDialog({ opened, ...props }: ReleaseFormProps & { opened: boolean }) {
  return (
    <Dialog title="Release" opened={opened} onClose={props.onClose} size={640}>
      <ReleaseForm {...props} />
    </Dialog>
  );
}
