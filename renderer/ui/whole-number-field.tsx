import { TextInput } from '@mantine/core';
import { formatCount } from './format';
import { wholeNumber } from './whole-number.logic';

interface WholeNumberFieldProps {
  label: string;
  description?: string;
  min: number;
  max: number;
  /** What was typed, whatever it is. */
  value: string;
  onChange: (text: string) => void;
}

/** A field for a whole number in a range; it says which when the text is none. */
export function WholeNumberField({ min, max, value, onChange, ...texts }: WholeNumberFieldProps) {
  return (
    <TextInput
      {...texts}
      mt={10}
      inputMode="numeric"
      autoComplete="off"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={
        wholeNumber(value, min, max) === undefined
          ? `Give a whole number from ${formatCount(min)} to ${formatCount(max)}.`
          : undefined
      }
    />
  );
}
