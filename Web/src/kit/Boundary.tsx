import { Button, Result } from 'antd';
import { Component, useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { useWords } from '../words/words';
import { isChunk, mayReload } from './chunks';

interface Props {
  children: ReactNode;
  /** Where one is: somewhere else it is tried anew. */
  of?: string;
}

/** Instead of a white page. What was typed is in the browser's keeping. */
export class Boundary extends Component<Props, { wrong?: unknown }> {
  override state: { wrong?: unknown } = {};

  static getDerivedStateFromError(wrong: unknown) {
    return { wrong };
  }

  override componentDidUpdate(before: Props) {
    if (before.of !== this.props.of && this.state.wrong) this.setState({ wrong: undefined });
  }

  override render() {
    const { wrong } = this.state;
    return wrong ? <Broken wrong={wrong} again={() => this.setState({ wrong: undefined })} /> : this.props.children;
  }
}

/** Whether the desk answers: a page that is loaded anew without it is none at all. */
const there = () => fetch('/', { method: 'HEAD', cache: 'no-store' }).then((r) => r.ok, () => false);

function Broken({ wrong, again }: { wrong: unknown; again: () => void }) {
  const { t } = useWords();
  const chunk = isChunk(wrong);
  const [away, setAway] = useState(false);
  const reload = async () => {
    if (await there()) location.reload();
    else setAway(true);
  };
  // After an upgrade the old page's parts are gone: the new page has them.
  useEffect(() => {
    if (chunk) void there().then((is) => { if (is && mayReload(sessionStorage)) location.reload(); });
  }, [chunk]);
  return (
    <Result
      status="warning"
      title={t(chunk ? 'common.partMissing' : 'common.broken')}
      subTitle={away ? t('common.partAway') : t('common.brokenHint')}
      data-part="broken"
      extra={
        <div className="row" style={{ justifyContent: 'center' }}>
          {!chunk && <Button onClick={again} data-act="again">{t('common.retry')}</Button>}
          <Button type="primary" onClick={() => void reload()} data-act="reload">{t('common.reload')}</Button>
        </div>
      }
    />
  );
}
