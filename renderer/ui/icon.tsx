const paths = {
  logo: 'M3 6h7a4 4 0 0 1 4 4v0a4 4 0 0 0 4 4M3 14h4M13 6h5',
  check: 'M5 10.5l3.2 3.2L15 7',
  cross: 'M6 6l8 8M14 6l-8 8',
  chevron: 'M6 8l4 4 4-4',
  sun: 'M10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5 5l1 1M14 14l1 1M15 5l-1 1M6 14l-1 1M10 7a3 3 0 1 0 0 6a3 3 0 0 0 0-6',
  moon: 'M15.5 12A6 6 0 0 1 8 4.5a6 6 0 1 0 7.5 7.5z',
  system: 'M3.5 5h13v8h-13zM8 16h4M10 13v3',
  alert: 'M10 6v5M10 13.6v.2',
  pause: 'M8 6v8M12 6v8',
  search: 'M9 4.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M12.5 12.5L16 16',
} as const;

export type IconName = keyof typeof paths;

/** A line icon of 20 units; decorative, so whatever it stands for is also said in words. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'logo' ? 2.2 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
