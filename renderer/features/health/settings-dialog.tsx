import { Button, Checkbox, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { HealthSettings } from '#shared/contract/health';
import { settingDefinitions, type SettingName } from '#shared/model/settings';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { WholeNumberField } from '../../ui/whole-number-field';
import { AlertFields } from './alert-fields';
import { CustomCheckFields } from './custom-check-fields';
import styles from './health.module.css';
import { MaintenanceFields } from './maintenance-fields';
import { useConfigure, useHealth, useHealthSettings } from './queries';
import { numberFields, textOf, type TypedNumbers, withNumbers } from './settings-numbers.logic';

function SettingsForm({ settings, onClose }: { settings: HealthSettings; onClose: () => void }) {
  const configure = useConfigure();
  const [values, setValues] = useState<Partial<Record<SettingName, string>>>({});
  const [config, setConfig] = useState(settings.config);
  const [typed, setTyped] = useState<TypedNumbers>({});
  const [queues, setQueues] = useState(settings.config.celeryQueues.join(', '));
  const health = useHealth();
  const [disks, setDisks] = useState(settings.config.hostDisks.join(' '));
  const hostDisks = disks.split(/\s+/).filter((folder) => folder !== '');
  const disksValid = hostDisks.every((folder) => /^\/[\w./-]*$/.test(folder)) && hostDisks.length <= 20;
  const numbered = withNumbers(config, typed);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (numbered === undefined || !disksValid) return;
        const celeryQueues = queues
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '');
        configure.mutate(
          { values, config: { ...numbered, hostDisks, celeryQueues } },
          { onSuccess: onClose },
        );
      }}
    >
      <Checkbox
        label="Watch the services while Cutover runs"
        checked={config.enabled}
        onChange={(event) => setConfig({ ...config, enabled: event.currentTarget.checked })}
      />
      {settings.settings.map((setting) => {
        const { label, help, placeholder, secret } = settingDefinitions[setting.name];
        const given = values[setting.name];
        const shared = {
          label,
          description: setting.origin === 'environment' ? 'Comes from the environment.' : help,
          placeholder: secret && setting.set ? 'Set. Type to replace it.' : placeholder,
          disabled: setting.origin === 'environment',
          autoComplete: 'off',
          value: given ?? setting.value ?? '',
          onChange: (event: { currentTarget: { value: string } }) =>
            setValues({ ...values, [setting.name]: event.currentTarget.value }),
        };
        return secret ? (
          <PasswordInput key={setting.name} {...shared} />
        ) : (
          <TextInput key={setting.name} {...shared} />
        );
      })}
      <TextInput
        label="Text on the front page"
        description="Without it the front page counts as wrong. Empty: any page will do."
        value={config.frontendMarker}
        onChange={(event) => setConfig({ ...config, frontendMarker: event.currentTarget.value })}
      />
      <TextInput
        label="Bucket for the R2 canary"
        description="An object of a few bytes is put, read and deleted there every five minutes. Empty: R2 is only read."
        value={config.objectCanaryBucket}
        onChange={(event) => setConfig({ ...config, objectCanaryBucket: event.currentTarget.value })}
      />
      <Checkbox
        label="Write a row every five minutes"
        description="Into the schema cutover_health of Supabase Postgres, which nobody else may use."
        checked={config.databaseWriteProbe}
        onChange={(event) => setConfig({ ...config, databaseWriteProbe: event.currentTarget.checked })}
      />
      <TextInput
        label="Folders on the host’s disks"
        description="The disks that hold them are looked at. Separated by blanks."
        value={disks}
        error={
          disksValid ? undefined : 'Each begins with / and holds letters, digits, dots and hyphens only.'
        }
        onChange={(event) => setDisks(event.currentTarget.value)}
      />
      <TextInput
        label="Queues of celery"
        description="Names of the lists in redis, separated by commas."
        value={queues}
        onChange={(event) => setQueues(event.currentTarget.value)}
      />
      <div className={styles.pair}>
        {numberFields.map(({ name, ...field }) => (
          <WholeNumberField
            key={name}
            {...field}
            value={textOf(config, typed, name)}
            onChange={(text) => setTyped({ ...typed, [name]: text })}
          />
        ))}
      </div>
      <CustomCheckFields checks={config.custom} onChange={(custom) => setConfig({ ...config, custom })} />
      <MaintenanceFields
        windows={config.maintenance}
        services={health.data?.services ?? []}
        onChange={(maintenance) => setConfig({ ...config, maintenance })}
      />
      <AlertFields alerts={config.alerts} onChange={(alerts) => setConfig({ ...config, alerts })} />
      {configure.isError ? <ErrorPanel error={configure.error} /> : null}
      <div className={styles.bar}>
        <span className={styles.space} />
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" variant="filled" loading={configure.isPending}>
          Save settings
        </Button>
      </div>
    </form>
  );
}

/** What is checked besides the connections, and from when an answer is slow. */
export function SettingsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const settings = useHealthSettings();
  return (
    <Dialog title="Health settings" opened={opened} onClose={onClose} size={560}>
      {settings.isPending ? (
        <Loading>Reading the settings</Loading>
      ) : settings.isError ? (
        <ErrorPanel error={settings.error} retry={() => void settings.refetch()} />
      ) : (
        <SettingsForm settings={settings.data} onClose={onClose} />
      )}
    </Dialog>
  );
}
