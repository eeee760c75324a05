import { formatBytes } from '#shared/model/format-bytes';
import type { BucketReport } from '#shared/contract/inspect-objects';
import type { InspectReport } from '#shared/contract/migration';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { Facts } from '../../ui/facts';
import { formatCount, formatDuration, plural } from '../../ui/format';
import { Tag, type Tone } from '../../ui/tag';
import styles from './migration.module.css';
import { UsersFacts, UsersMappingView } from './users-view';

type Severity = InspectReport['findings'][number]['severity'];
type Database = NonNullable<InspectReport['database']>;
type Table = Database['tables'][number];
type Setting = Database['settings'][number];

const severities: Record<Severity, { label: string; tone: Tone; order: number }> = {
  blocker: { label: 'Must fix', tone: 'bad', order: 0 },
  warning: { label: 'Check', tone: 'warn', order: 1 },
  info: { label: 'Note', tone: 'idle', order: 2 },
};

const tableColumns: readonly DataColumn<Table>[] = [
  {
    id: 'name',
    header: 'Table',
    value: (table) => `${table.schema}.${table.name}`,
    track: 'minmax(160px, 1fr)',
    mono: true,
  },
  {
    id: 'partition',
    header: 'Part of',
    value: (table) => table.partitionOf ?? '',
    track: 'minmax(100px, 0.6fr)',
    mono: true,
  },
  {
    id: 'rows',
    header: 'Rows',
    value: (table) => table.rows,
    cell: (table) => formatCount(table.rows),
    track: '120px',
    numeric: true,
  },
  {
    id: 'size',
    header: 'Size',
    value: (table) => table.bytes,
    cell: (table) => formatBytes(table.bytes),
    track: '110px',
    numeric: true,
  },
  {
    id: 'indexes',
    header: 'Indexes',
    value: (table) => table.indexBytes,
    cell: (table) => formatBytes(table.indexBytes),
    track: '100px',
    numeric: true,
  },
];

const settingColumns: readonly DataColumn<Setting>[] = [
  { id: 'name', header: 'Setting', value: (row) => row.name, track: 'minmax(110px, 0.6fr)' },
  { id: 'source', header: 'Source', value: (row) => row.source, track: 'minmax(120px, 1fr)', mono: true },
  { id: 'target', header: 'Target', value: (row) => row.target, track: 'minmax(120px, 1fr)', mono: true },
];

const largestFirst = { id: 'size', desc: true };

function DatabaseFacts({ database }: { database: Database }) {
  return (
    <Card title="Database" padded>
      <Facts
        items={[
          { label: 'Server', value: `PostgreSQL ${database.version}` },
          { label: 'Name', value: database.name },
          { label: 'Size', value: formatBytes(database.bytes) },
          { label: 'Tables', value: formatCount(database.tables.length) },
          {
            label: 'Extensions',
            value: database.extensions.length === 0 ? 'none' : database.extensions.join(', '),
          },
          ...(database.estimate === undefined
            ? []
            : [
                {
                  label: 'Time',
                  value: `${formatDuration(database.estimate.seconds.least)} to ${formatDuration(database.estimate.seconds.most)}, at ${database.estimate.assumes}`,
                },
              ]),
        ]}
      />
    </Card>
  );
}

const dollars = (amount: number): string =>
  amount > 0 && amount < 0.01 ? 'under $0.01' : `$${amount.toFixed(2)}`;

function ObjectsFacts({ objects }: { objects: NonNullable<InspectReport['objects']> }) {
  const { estimate, buckets } = objects;
  const sum = (of: (bucket: BucketReport) => number): number =>
    buckets.reduce((total, bucket) => total + of(bucket), 0);
  return (
    <Card title="Files" padded>
      <Facts
        items={[
          { label: 'Buckets', value: formatCount(buckets.length) },
          { label: 'Objects', value: formatCount(sum((bucket) => bucket.objects)) },
          { label: 'Size', value: formatBytes(sum((bucket) => bucket.bytes)) },
          { label: 'Time', value: `about ${formatDuration(estimate.seconds)}, at ${estimate.assumes}` },
          {
            label: 'Copying on R2',
            value: `${dollars(estimate.operationsUsd)}: ${formatCount(estimate.writes)} writes, ${formatCount(estimate.reads)} reads`,
          },
          { label: 'Storage on R2', value: `${dollars(estimate.storageUsdPerMonth)} a month` },
          { label: 'Prices', value: `of ${estimate.pricesAsOf}, before free allowances` },
        ]}
      />
    </Card>
  );
}

const bucketColumns: readonly DataColumn<BucketReport>[] = [
  { id: 'name', header: 'Bucket', value: (row) => row.name, track: 'minmax(110px, 0.7fr)', mono: true },
  { id: 'target', header: 'On R2', value: (row) => row.target, track: 'minmax(120px, 0.7fr)', mono: true },
  {
    id: 'access',
    header: 'Access',
    value: (row) => (row.public ? 'public' : 'private'),
    cell: (row) => <Tag tone={row.public ? 'warn' : 'idle'}>{row.public ? 'Public' : 'Private'}</Tag>,
    track: '106px',
  },
  {
    id: 'objects',
    header: 'Objects',
    value: (row) => row.objects,
    cell: (row) => formatCount(row.objects),
    track: '90px',
    numeric: true,
  },
  {
    id: 'size',
    header: 'Size',
    value: (row) => row.bytes,
    cell: (row) => formatBytes(row.bytes),
    track: '90px',
    numeric: true,
  },
  {
    id: 'classes',
    header: 'Sizes',
    value: (row) => row.classes.map(({ label, objects }) => `${formatCount(objects)} ${label}`).join(', '),
    track: 'minmax(120px, 1fr)',
  },
  {
    id: 'largest',
    header: 'Largest',
    value: (row) => row.largest[0]?.bytes ?? 0,
    cell: (row) => (
      <span className="break" title={row.largest.map(({ key }) => key).join('\n')}>
        {row.largest[0] === undefined ? '' : `${formatBytes(row.largest[0].bytes)} ${row.largest[0].key}`}
      </span>
    ),
    track: 'minmax(120px, 1fr)',
  },
];

/** How many findings of each severity there are, the gravest first. */
function findingsBySeverity(findings: InspectReport['findings']): string {
  return (['blocker', 'warning', 'info'] as const)
    .flatMap((severity) => {
      const count = findings.filter((finding) => finding.severity === severity).length;
      return count === 0 ? [] : [`${severities[severity].label} ${formatCount(count)}`];
    })
    .join(' · ');
}

/** What was found at the source, and what has to be known before it is moved. */
export function InspectView({ report }: { report: InspectReport }) {
  const findings = report.findings.toSorted(
    (a, b) => severities[a.severity].order - severities[b.severity].order,
  );
  return (
    <>
      <div className={styles.reportGrid}>
        {report.database === undefined ? null : <DatabaseFacts database={report.database} />}
        {report.users === undefined ? null : <UsersFacts users={report.users} />}
        {report.objects === undefined ? null : <ObjectsFacts objects={report.objects} />}
      </div>
      {findings.length === 0 ? null : (
        <Card title="Findings" right={findingsBySeverity(findings)} padded>
          <ul className={styles.points}>
            {findings.map((finding, index) => (
              <li key={`${finding.code} ${index}`}>
                <Tag tone={severities[finding.severity].tone}>{severities[finding.severity].label}</Tag>
                <div className="break">
                  {finding.message}
                  {finding.hint === undefined ? null : <div className="t2">{finding.hint}</div>}
                </div>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {report.users === undefined ? null : <UsersMappingView users={report.users} />}
      {report.objects === undefined ? null : (
        <Card title="Buckets at the source" right={plural(report.objects.buckets.length, 'bucket')}>
          <DataTable
            label="Buckets at the source"
            columns={bucketColumns}
            rows={report.objects.buckets}
            rowId={(bucket) => bucket.name}
            initialSort={largestFirst}
            maxHeight={260}
            minWidth={780}
            wrap
          />
        </Card>
      )}
      {report.database === undefined ? null : (
        <Card title="Servers">
          <DataTable
            label="Settings of both servers"
            columns={settingColumns}
            rows={report.database.settings}
            rowId={(setting) => setting.name}
            maxHeight={260}
            wrap
          />
        </Card>
      )}
      {report.database === undefined ? null : (
        <Card title="Tables at the source" right={plural(report.database.tables.length, 'table')}>
          <DataTable
            label="Tables at the source"
            columns={tableColumns}
            rows={report.database.tables}
            rowId={(table) => `${table.schema}.${table.name}`}
            initialSort={largestFirst}
            maxHeight={260}
          />
        </Card>
      )}
    </>
  );
}
