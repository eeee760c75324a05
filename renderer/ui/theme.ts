import {
  Button,
  Checkbox,
  Menu,
  Modal,
  NativeSelect,
  PasswordInput,
  Textarea,
  TextInput,
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
} from '@mantine/core';

const darkScale = [
  '#e6ebf2',
  '#aab4c3',
  '#8d99ae',
  '#6b7789',
  '#364253',
  '#1e2630',
  '#151b23',
  '#11161d',
  '#0e1218',
  '#0b0f14',
] as const;

const fieldProps = { size: 'xs' } as const;

/** Mantine's theme in our own terms: 13 px type, one accent. Colours come from the tokens, see {@link resolveVariables}. */
export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  primaryColor: 'indigo',
  // Mantine draws fields, menus and their borders from this scale when the theme is dark; ours follows the tokens.
  colors: { dark: [...darkScale] },
  primaryShade: { light: 8, dark: 4 },
  defaultRadius: 'var(--r-s)',
  respectReducedMotion: true,
  // The primary button's text is dark on the dark theme's light accent.
  variantColorResolver: (input) =>
    input.variant === 'filled'
      ? {
          background: 'var(--accent-strong)',
          hover: 'var(--accent-hover)',
          color: 'var(--on-accent)',
          border: '1px solid transparent',
        }
      : defaultVariantColorsResolver(input),
  fontSizes: { xs: '13px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  headings: { fontFamily: 'var(--font)', fontWeight: '620' },
  components: {
    Button: Button.extend({ defaultProps: { size: 'compact-md', variant: 'default' } }),
    TextInput: TextInput.extend({ defaultProps: fieldProps }),
    PasswordInput: PasswordInput.extend({ defaultProps: fieldProps }),
    Textarea: Textarea.extend({ defaultProps: fieldProps }),
    Checkbox: Checkbox.extend({ defaultProps: fieldProps }),
    NativeSelect: NativeSelect.extend({ defaultProps: fieldProps }),
    // The page itself never scrolls under a dialog, so Mantine need not inject a style to lock it.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        transitionProps: { duration: 100 },
        overlayProps: { backgroundOpacity: 0.45 },
      },
    }),
    Menu: Menu.extend({
      defaultProps: {
        shadow: 'md',
        transitionProps: { duration: 80 },
        withInitialFocusPlaceholder: false,
        // Inside the landmark of its button; fixed, so that no scrolling box cuts it off.
        withinPortal: false,
        floatingStrategy: 'fixed',
      },
    }),
  },
});

const variables = {
  '--mantine-color-body': 'var(--panel)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-bright': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-3)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--panel)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-hover': 'var(--panel-2)',
  '--mantine-color-default-border': 'var(--line)',
  '--mantine-color-disabled': 'var(--idle-soft)',
  '--mantine-color-disabled-color': 'var(--text-3)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-primary-color-filled': 'var(--accent-strong)',
  '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
  '--mantine-color-indigo-filled': 'var(--accent-strong)',
  '--mantine-color-indigo-filled-hover': 'var(--accent-hover)',
  '--mantine-color-indigo-text': 'var(--accent)',
  '--mantine-shadow-md': 'var(--shadow-pop)',
  '--mantine-shadow-xl': 'var(--shadow-pop)',
};

/** Points Mantine's variables at our tokens, which hold the values of both colour schemes. */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: variables,
  dark: variables,
});
