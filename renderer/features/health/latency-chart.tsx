import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { HealthSeries } from '#shared/contract/health';
import type { Incident } from '#shared/model/health';
import { formatMs, topOf, type TimeWindow } from './health.logic';
import styles from './health.module.css';

const height = 200;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const hours = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** The time of day in a look at a day or less, else the date. */
function tick(time: number, span: number): string {
  return (span > 86_400_000 ? days : hours).format(time);
}

/** Times without a result are left out of a series; a point of nothing between makes the line break there. */
function columns({ points, stepMs }: HealthSeries): uPlot.AlignedData {
  const times: number[] = [];
  const lines: (number | null)[][] = [[], [], []];
  let before: number | undefined;
  const push = (at: number, values: (number | undefined)[]) => {
    times.push(at / 1000);
    lines.forEach((line, index) => line.push(values[index] ?? null));
  };
  for (const { at, p50, p95, p99 } of points) {
    const time = Date.parse(at);
    if (before !== undefined && time - before > stepMs * 2.5) push(before + stepMs, []);
    push(time, [p50, p95, p99]);
    before = time;
  }
  return [times, ...lines];
}

function drawIncidents(plot: uPlot, incidents: readonly Incident[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { startedAt, endedAt, state } of incidents) {
    const from = plot.valToPos(Date.parse(startedAt) / 1000, 'x', true);
    const to =
      endedAt === undefined ? bbox.left + bbox.width : plot.valToPos(Date.parse(endedAt) / 1000, 'x', true);
    const left = Math.max(from, bbox.left);
    const right = Math.min(to, bbox.left + bbox.width);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = token(state === 'down' ? '--bad-soft' : '--warn-soft');
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

/** A dashed line with its name, where the scale reaches it. */
function drawGoal(plot: uPlot, goalMs: number): void {
  const { ctx, bbox } = plot;
  const y = plot.valToPos(goalMs, 'y', true);
  if (y < bbox.top) return;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = token('--text-3');
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.textAlign = 'right';
  ctx.textBaseline = 'bottom';
  ctx.fillText(`goal ${formatMs(goalMs)}`, bbox.left + bbox.width - 4, y - 2);
  ctx.restore();
}

/** Latencies over time with incidents as bands, and the goal where there is one. */
export function LatencyChart({
  series,
  goalMs,
  incidents,
  onZoom,
  label,
}: {
  series: HealthSeries;
  goalMs: number | undefined;
  incidents: readonly Incident[];
  /** A part of the time was chosen by dragging over it. */
  onZoom: (window: TimeWindow) => void;
  label: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const span = Date.parse(series.to) - Date.parse(series.from);
    const axis = {
      stroke: () => token('--text-3'),
      grid: { stroke: () => token('--line-2') },
      ticks: { stroke: () => token('--line') },
    };
    const line = (name: string, colour: string, width: number) => ({
      label: name,
      stroke: () => token(colour),
      width,
      points: { show: false },
      value: (_plot: uPlot, value: number | null) => formatMs(value ?? undefined),
    });
    const plot = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        scales: {
          x: { time: true, range: [Date.parse(series.from) / 1000, Date.parse(series.to) / 1000] },
          y: { range: (_plot, _least, most) => [0, topOf(most, goalMs)] },
        },
        axes: [
          { ...axis, values: (_plot, values) => values.map((value) => tick(value * 1000, span)) },
          { ...axis, size: 64, values: (_plot, values) => values.map((value) => formatMs(value)) },
        ],
        series: [{}, line('p50', '--accent-strong', 1.6), line('p95', '--warn', 1), line('p99', '--bad', 1)],
        // What was dragged over is asked for anew, in its own resolution.
        cursor: { drag: { x: true, y: false, setScale: false } },
        hooks: {
          drawClear: [(drawn) => drawIncidents(drawn, incidents)],
          ...(goalMs === undefined ? {} : { draw: [(drawn) => drawGoal(drawn, goalMs)] }),
          setSelect: [
            (drawn) => {
              const { select } = drawn;
              if (select.width < 4) return;
              const at = (left: number) => Math.round(drawn.posToVal(left, 'x') * 1000);
              onZoom({ from: at(select.left), to: at(select.left + select.width) });
            },
          ],
        },
      },
      columns(series),
      element,
    );
    const resized = new ResizeObserver(() => {
      plot.setSize({ width: Math.max(200, element.clientWidth), height });
    });
    resized.observe(element);
    // The colours of the other theme.
    const themed = new MutationObserver(() => plot.redraw(true, true));
    themed.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      plot.destroy();
    };
  }, [series, goalMs, incidents, onZoom]);
  return <div ref={box} className={styles.chart} role="img" aria-label={label} />;
}
