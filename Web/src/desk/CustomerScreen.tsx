import { Button } from 'antd';
import { Link, useNavigate, useParams } from 'react-router';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { CustomerCardView, useCard } from './CustomerCardView';
import { CustomerFacts } from './CustomerFacts';
import { PersonRights } from './PersonRights';

export default function CustomerScreen() {
  const { t } = useWords();
  const go = useNavigate();
  const { customerId } = useParams();
  const card = useCard(customerId);
  useTitle(card.data?.customer.name ?? t('customer.title'));
  return (
    <div className="stack" style={{ maxWidth: 820, margin: '0 auto' }}>
      <div className="row spread">
        <h1>{card.data?.customer.name ?? t('customer.title')}</h1>
        <div className="row">
          <Link to={`/requests?customer=${customerId}`}>{t('customer.requests')}</Link>
          <Button type="primary" onClick={() => go(`/desk?customer=${customerId}`)}>{t('customer.openDesk')}</Button>
        </div>
      </div>
      <CustomerCardView customerId={customerId!} />
      <CustomerFacts customerId={customerId!} />
      <PersonRights customerId={customerId!} />
    </div>
  );
}
