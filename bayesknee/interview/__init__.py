"""An interview with one patient: the next question, the meaning of an answer, and when to stop. No input or output."""

from bayesknee.interview.interview import Interview as Interview
from bayesknee.interview.interview import Reply as Reply
from bayesknee.interview.policy import Policy as Policy
from bayesknee.interview.prompts import Prompt as Prompt
from bayesknee.interview.state import State as State
from bayesknee.interview.state import Step as Step
