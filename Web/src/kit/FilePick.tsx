import { Button } from 'antd';
import type { ButtonProps } from 'antd';
import { useRef } from 'react';

/** A button with words of ours that opens the browser's choice of a file, whose own words would be in the browser's language. The same file may be chosen again. */
export function FilePick({ accept, choose, field, ...button }: ButtonProps & { accept: string; choose: (file: File) => void; field?: string }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...button} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        onChange={(e) => {
          const file = e.target.files?.[0];
          e.target.value = '';
          if (file) choose(file);
        }}
        data-field={field}
      />
    </>
  );
}

/** What may be kept with a request or an order. */
export const keepable = 'image/jpeg,image/png,image/webp,image/heic,application/pdf';

/** What may be a sheet. */
export const sheets = '.csv,.txt,text/csv,text/plain';
