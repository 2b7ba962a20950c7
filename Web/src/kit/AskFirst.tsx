import { Popconfirm } from 'antd';
import type { PopconfirmProps } from 'antd';
import { useEffect, useRef } from 'react';

/**
 * Asked about once more before it is done. The question stands at the end of the page, where Tab would come to it last: so the hands go to
 * its first answer, which is no, and back to the button when it closes.
 */
export function AskFirst({ title, ...props }: Omit<PopconfirmProps, 'title'> & { title: string }) {
  return <Popconfirm destroyOnHidden {...props} title={<Question words={title} />} />;
}

function Question({ words }: { words: string }) {
  const here = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const from = document.activeElement;
    here.current?.closest('.ant-popover')?.querySelector('button')?.focus({ preventScroll: true });
    return () => {
      if (from instanceof HTMLElement && from.isConnected && document.activeElement === document.body) from.focus({ preventScroll: true });
    };
  }, []);
  return <span ref={here}>{words}</span>;
}
