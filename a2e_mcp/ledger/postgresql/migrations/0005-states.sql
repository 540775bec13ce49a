-- A server that waits for one of a start's several jobs gets news when any of them has ended.

DROP TRIGGER starts_changed ON starts;
CREATE TRIGGER starts_changed AFTER UPDATE OF phase, state, results, deferred, about, share, steps ON starts FOR EACH ROW
    WHEN ((OLD.phase, OLD.state, OLD.results, OLD.deferred, OLD.about, OLD.share, OLD.steps -> 'states')
        IS DISTINCT FROM (NEW.phase, NEW.state, NEW.results, NEW.deferred, NEW.about, NEW.share, NEW.steps -> 'states'))
    EXECUTE FUNCTION a2e_notify();
