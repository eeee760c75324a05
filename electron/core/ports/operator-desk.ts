import type { HealthState } from '#shared/model/health';

/** The desktop around the core, where an operator sees things without a window. Only the desktop host has one. */
export interface OperatorDesk {
  /** Shows a notification of the system. */
  notify(notice: { title: string; text: string }): void;
  /** How many services are in each state, for the tray; undefined while nothing is watched. */
  showHealth(services: Readonly<Record<HealthState, number>> | undefined): void;
}
