import { Button } from '@mantine/core';
import { useState } from 'react';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for whoever listens. */
  readonly what: string;
}

/** Says that it is copied once the browser has it; without a clipboard there is no button. */
export function CopyButton({ text, what }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  if (navigator.clipboard === undefined) return null;
  return (
    <Button
      size="compact-sm"
      variant="default"
      onClick={() =>
        void navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        )
      }
    >
      {isCopied ? 'Copied' : 'Copy'}
      <span className="visually-hidden"> {what}</span>
    </Button>
  );
}
