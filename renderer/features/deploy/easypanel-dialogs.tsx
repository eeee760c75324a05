import { Button, Checkbox, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { DeployAction } from '#shared/contract/deploy';
import { panelDomainSchema, type PanelService } from '#shared/model/easypanel';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import styles from './deploy.module.css';
import { serviceName } from './easypanel.logic';
import { useAddDomain, usePanelEnvironment, useSetEnvironment } from './queries';
import { wholeNumber } from '../../ui/whole-number.logic';
import { WholeNumberField } from '../../ui/whole-number-field';

/** What the operator wants to do with a service of the panel. */
export interface PanelQuestion {
  kind: 'deploy' | 'environment' | 'domain';
  service: PanelService;
}

interface FormProps {
  service: PanelService;
  onClose: () => void;
}

function Buttons({
  act,
  ready,
  busy,
  onClose,
}: {
  act: string;
  ready: boolean;
  busy?: boolean;
  onClose: () => void;
}) {
  return (
    <div className={styles.buttons}>
      <Button variant="default" onClick={onClose}>
        Back
      </Button>
      <Button type="submit" variant="filled" disabled={!ready} loading={busy === true}>
        {act}
      </Button>
    </div>
  );
}

function Form({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

function DeployForm({
  service,
  onClose,
  onDeploy,
}: FormProps & { onDeploy: (action: DeployAction) => void }) {
  const [image, setImage] = useState(service.image ?? '');
  const { project, service: name } = service;
  return (
    <Form
      onSubmit={() => {
        onClose();
        onDeploy({
          kind: 'panel-deploy',
          target: { project, service: name },
          image: image.trim(),
          limitSeconds: 600,
        });
      }}
    >
      <p className="t2">
        The panel starts the new containers before it stops the old ones. Its switch for no downtime is turned
        on.
      </p>
      <TextInput label="Image" value={image} onChange={(event) => setImage(event.currentTarget.value)} />
      <Buttons act="Deploy" ready={image.trim() !== ''} onClose={onClose} />
    </Form>
  );
}

function EnvironmentForm({ service, onClose }: FormProps) {
  const target = { project: service.project, service: service.service };
  const plan = usePanelEnvironment(target);
  const set = useSetEnvironment(onClose);
  return (
    <Form onSubmit={() => set.mutate({ target })}>
      <p className="t2">
        The environment file of the release in the workspace becomes that of the service. It counts from the
        next deployment on. Values are not shown.
      </p>
      {plan.isPending ? (
        <Loading>Comparing with the panel…</Loading>
      ) : plan.isError ? (
        <ErrorPanel error={plan.error} retry={() => void plan.refetch()} />
      ) : plan.data.length === 0 ? (
        <p>Nothing differs.</p>
      ) : (
        <ul className={styles.findings} aria-label="Variables that change">
          {plan.data.map(({ name, change }) => (
            <li key={name}>
              <span className="t2">{change}</span>
              <span className="mono break">{name}</span>
            </li>
          ))}
        </ul>
      )}
      {set.isError ? <ErrorPanel error={set.error} /> : null}
      <Buttons
        act="Set the environment"
        ready={plan.isSuccess && plan.data.length > 0}
        busy={set.isPending}
        onClose={onClose}
      />
    </Form>
  );
}

function DomainForm({ service, onClose }: FormProps) {
  const [host, setHost] = useState('');
  const [port, setPort] = useState('3000');
  const [https, setHttps] = useState(true);
  const [inner, setInner] = useState('');
  const add = useAddDomain(onClose);
  const compose = service.type === 'compose';
  const domain = panelDomainSchema.safeParse({
    host: host.trim(),
    port: wholeNumber(port, 1, 65_535),
    https,
    ...(compose ? { composeService: inner.trim() } : {}),
  });
  const wrong =
    host.trim() === '' || domain.success
      ? undefined
      : domain.error.issues.find(({ path }) => path[0] === 'host')?.message;
  return (
    <Form
      onSubmit={() => {
        if (domain.success)
          add.mutate({ target: { project: service.project, service: service.service }, domain: domain.data });
      }}
    >
      <TextInput
        label="Domain"
        placeholder="shop.example.com"
        value={host}
        error={wrong}
        onChange={(event) => setHost(event.currentTarget.value)}
      />
      <WholeNumberField
        label="Port on which the service listens"
        min={1}
        max={65_535}
        value={port}
        onChange={setPort}
      />
      {compose ? (
        <TextInput
          label="Which of its services answers"
          value={inner}
          onChange={(event) => setInner(event.currentTarget.value)}
        />
      ) : null}
      <Checkbox
        label="With a certificate (HTTPS)"
        checked={https}
        onChange={(event) => setHttps(event.currentTarget.checked)}
      />
      {add.isError ? <ErrorPanel error={add.error} /> : null}
      <Buttons
        act="Add the domain"
        ready={domain.success && (!compose || inner.trim() !== '')}
        busy={add.isPending}
        onClose={onClose}
      />
    </Form>
  );
}

const titles: Record<PanelQuestion['kind'], string> = {
  deploy: 'Deploy',
  environment: 'Environment of',
  domain: 'Domain for',
};

/** Asks what is needed for an act on a service of the panel. */
export function PanelDialog({
  question: { kind, service },
  onClose,
  onDeploy,
}: {
  question: PanelQuestion;
  onClose: () => void;
  onDeploy: (action: DeployAction) => void;
}) {
  const props = { service, onClose };
  return (
    <Dialog title={`${titles[kind]} ${serviceName(service)}`} opened onClose={onClose}>
      {kind === 'deploy' ? (
        <DeployForm {...props} onDeploy={onDeploy} />
      ) : kind === 'environment' ? (
        <EnvironmentForm {...props} />
      ) : (
        <DomainForm {...props} />
      )}
    </Dialog>
  );
}
