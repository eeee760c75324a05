import { formatBytes } from '#shared/model/format-bytes';
import type { InspectReport } from '#shared/contract/migration';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { Facts } from '../../ui/facts';
import { formatCount, formatDuration, plural } from '../../ui/format';
import { Tag, type Tone } from '../../ui/tag';
import styles from './migration.module.css';
import { UsersFacts, UsersMappingView } from './users-view';

type Severity = InspectReport['findings'][number]['severity'];
type Table = NonNullable<InspectReport['database']>['tables'][number];

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
];

const largestFirst = { id: 'size', desc: true };

function DatabaseFacts({ database }: { database: NonNullable<InspectReport['database']> }) {
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
        ]}
      />
    </Card>
  );
}

function ObjectsFacts({ objects }: { objects: NonNullable<InspectReport['objects']> }) {
  const { estimate } = objects;
  return (
    <Card title="Files" padded>
      <Facts
        items={[
          ...objects.buckets.map(({ name, objects: count, bytes, public: open }) => ({
            label: name,
            value: `${plural(count, 'object')} · ${formatBytes(bytes)}${open ? ' · public' : ''}`,
          })),
          {
            label: 'Time',
            value: `${formatDuration(estimate.seconds)} at ${estimate.assumes}`,
          },
          {
            label: 'R2',
            value: `$${estimate.operationsUsd.toFixed(2)} for ${formatCount(estimate.writes + estimate.reads)} operations, $${estimate.storageUsdPerMonth.toFixed(2)} a month (prices of ${estimate.pricesAsOf})`,
          },
        ]}
      />
    </Card>
  );
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
        <Card title="Findings" right={plural(findings.length, 'finding')} padded>
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
