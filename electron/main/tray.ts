import { Menu, nativeImage, Tray } from 'electron';
import type { HealthState } from '#shared/model/health';

type Tally = Readonly<Record<HealthState, number>>;

/** The sign in the system's tray while services are watched: it keeps the app alive without a window, and tells how they are. */
export interface HealthTray {
  /** Undefined takes the sign away. */
  show(services: Tally | undefined): void;
  /** Whether there is a sign: then closing the last window does not end the app. */
  present(): boolean;
}

const size = 32;
/** Blue, green, red, as in the page's dark theme, which stand out on light and dark bars. */
const colours: Record<HealthState, [number, number, number]> = {
  healthy: [52, 168, 98],
  degraded: [224, 158, 48],
  down: [222, 72, 72],
  unknown: [138, 143, 152],
};

/** A filled circle: a picture would be a file for each state and size. */
function dot(state: HealthState): Electron.NativeImage {
  const [red, green, blue] = colours[state];
  const pixels = Buffer.alloc(size * size * 4);
  const middle = (size - 1) / 2;
  for (let index = 0; index < size * size; index += 1) {
    const distance = Math.hypot((index % size) - middle, Math.floor(index / size) - middle);
    const cover = Math.max(0, Math.min(1, size * 0.4 - distance + 0.5));
    // Chromium wants blue first, and colours already multiplied by their cover.
    pixels.set(
      [blue, green, red, 255].map((value) => Math.round(value * cover)),
      index * 4,
    );
  }
  return nativeImage.createFromBitmap(pixels, { width: size, height: size, scaleFactor: 2 });
}

/** The worst state, and all that is not healthy in words. */
export function trayText(services: Tally): { state: HealthState; text: string } {
  const bad = (['down', 'degraded', 'unknown'] as const).filter((state) => services[state] > 0);
  const [state = 'healthy'] = bad;
  const text =
    bad.length === 0
      ? `${services.healthy} services healthy`
      : bad.map((one) => `${services[one]} ${one}`).join(', ');
  return { state, text };
}

/** Makes the tray's owner. Runs once the app is ready. */
export function createHealthTray(act: { open: () => void; quit: () => void }): HealthTray {
  let tray: Tray | undefined;
  let shown = '';
  return {
    show(services) {
      if (services === undefined) {
        tray?.destroy();
        tray = undefined;
        shown = '';
        return;
      }
      const { state, text } = trayText(services);
      if (shown === state + text && tray !== undefined) return;
      shown = state + text;
      if (tray === undefined) {
        tray = new Tray(dot(state));
        tray.on('click', act.open);
      } else tray.setImage(dot(state));
      tray.setToolTip(`Cutover: ${text}`);
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: text, enabled: false },
          { type: 'separator' },
          { label: 'Open Cutover', click: act.open },
          { label: 'Stop watching and quit', click: act.quit },
        ]),
      );
    },
    present: () => tray !== undefined,
  };
}
